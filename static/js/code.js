// Colours the code of course texts: comments, texts, numbers, and the words of its language. Without this the code is plain and complete.
(() => {
  "use strict";
  const C_WORDS = "auto bool break case char const continue default do double else enum extern false float for goto if int long null return short signed sizeof static struct switch true typedef union unsigned void volatile while";
  const WORDS = {
    c: C_WORDS,
    cpp: `${C_WORDS} class constexpr delete explicit friend namespace new nullptr operator override private protected public template this throw try catch typename using virtual`,
    java: `${C_WORDS} abstract boolean byte catch class extends final finally implements import instanceof interface new package private protected public super synchronized this throw throws try var`,
    javascript: "async await break case catch class const continue default delete do else export extends false finally for from function if import in instanceof interface let new null of return static super switch this throw true try type typeof undefined var void while yield",
    python: "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return self True try while with yield",
    go: "break case chan const continue default defer else false for func go if import interface map nil package range return select struct switch true type var",
    rust: "as async await break const continue crate else enum extern false fn for if impl in let loop match mod move mut pub ref return self static struct super trait true type unsafe use where while",
    sql: "add all alter and as asc avg begin between by case check commit count create default delete desc distinct drop else end exists foreign from group having in index inner insert into is join key left like limit max min not null on or order outer primary references right rollback select set sum table then union unique update values view when where with",
    bash: "case cd do done echo elif else esac exit export fi for function if in local read return set shift source then trap unset until while",
    st: "and array at bool by byte case constant dint do dword else elsif end_case end_for end_function end_function_block end_if end_program end_repeat end_struct end_type end_var end_while exit false for function function_block if int lreal mod not of or program real repeat return sint string struct then time to true type udint uint until usint var var_global var_in_out var_input var_output while word xor",
    matlab: "break case catch continue else elseif end false for function global if otherwise persistent return switch true try while",
    json: "false null true",
    yaml: "false null true",
    ini: "",
  };
  const ALIASES = { h: "c", "c++": "cpp", cc: "cpp", cs: "java", csharp: "java", kotlin: "java", js: "javascript", ts: "javascript", typescript: "javascript", jsx: "javascript", py: "python", python3: "python", rs: "rust", mysql: "sql", postgresql: "sql", sh: "bash", shell: "bash", scl: "st", iecst: "st", pascal: "st", octave: "matlab", yml: "yaml", toml: "ini" };
  const HASH = /#[^\n]*/;
  const SLASHES = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/;
  const COMMENTS = {
    python: HASH, bash: HASH, yaml: HASH, ini: /[#;][^\n]*/, matlab: /%[^\n]*/, json: null,
    sql: /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/, st: /\(\*[\s\S]*?(?:\*\)|$)|\/\/[^\n]*/,
  };
  const ANY_CASE = new Set(["sql", "st"]);
  const TEXT = /"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|`(?:\\[\s\S]|[^`\\])*(?:`|$)|"(?:\\.|[^"\\\n])*(?:"|(?=\n)|$)|'(?:\\.|[^'\\\n])*(?:'|(?=\n)|$)/;
  const NUMBER = /\b(?:0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\b/;
  const NAME = /[A-Za-z_$][\w$]*/;

  function colour(code, language) {
    const comment = language in COMMENTS ? COMMENTS[language] : SLASHES;
    const words = new Set(WORDS[language].split(" "));
    const parts = [["comment", comment], ["text", TEXT], ["number", NUMBER], ["name", NAME]].filter(([, pattern]) => pattern);
    const pattern = new RegExp(parts.map(([name, one]) => `(?<${name}>${one.source})`).join("|"), "g");
    const source = code.textContent;
    const made = document.createDocumentFragment();
    let at = 0;
    for (const match of source.matchAll(pattern)) {
      let [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined);
      if (kind === "name") {
        if (!words.has(ANY_CASE.has(language) ? match[0].toLowerCase() : match[0])) continue;
        kind = "word";
      }
      made.append(source.slice(at, match.index));
      const span = document.createElement("span");
      span.className = `code-${kind}`;
      span.textContent = match[0];
      made.append(span);
      at = match.index + match[0].length;
    }
    made.append(source.slice(at));
    code.replaceChildren(made);
  }

  document.querySelectorAll('pre > code[class^="language-"]').forEach((code) => {
    const asked = code.className.slice("language-".length).split(/[\s{]/)[0].toLowerCase();
    const language = ALIASES[asked] || asked;
    if (language in WORDS && code.textContent.length < 100000) colour(code, language);
  });
})();
