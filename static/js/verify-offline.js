// Verifies a downloaded certificate in the browser, without the network: the signed snapshot inside a PDF, or an Open Badges
// credential (JSON). The keys were put on the page when it was opened. Nothing is sent anywhere. Whether the certificate still
// stands is known when a status list, downloaded while there was a network, is chosen too; lists stay for the files chosen later.
(() => {
  'use strict';
  const root = document.querySelector('[data-verify-offline]');
  if (!root) return;
  const keys = JSON.parse(root.dataset.keys);
  const multikeys = JSON.parse(root.dataset.multikeys);
  const words = JSON.parse(root.dataset.words);
  const labels = JSON.parse(root.dataset.labels);
  const did = root.dataset.did;
  const input = root.querySelector('input[type=file]');
  const out = root.querySelector('[data-result]');
  const utf8 = new TextEncoder();

  const unb64 = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const unb58 = (text, length) => {
    if (text.length > length * 1.38 + 1) throw new Error('base58'); // reading grows with the square of the length
    let value = 0n;
    for (const char of text) {
      const digit = ALPHABET.indexOf(char);
      if (digit < 0) throw new Error('base58');
      value = value * 58n + BigInt(digit);
    }
    const bytes = new Uint8Array(length);
    for (let at = length - 1; at >= 0; at -= 1) { bytes[at] = Number(value & 255n); value >>= 8n; }
    if (value) throw new Error('base58');
    return bytes;
  };
  // JSON with sorted keys and no blanks: what the snapshot's signature covers.
  const byCodePoint = (a, b) => {
    const x = [...a], y = [...b];
    for (let i = 0; i < Math.min(x.length, y.length); i += 1) {
      const d = x[i].codePointAt(0) - y[i].codePointAt(0);
      if (d) return d;
    }
    return x.length - y.length;
  };
  const canonical = (data) => {
    if (Array.isArray(data)) return `[${data.map(canonical).join(',')}]`;
    if (data && typeof data === 'object') {
      return `{${Object.keys(data).sort(byCodePoint).map((k) => `${JSON.stringify(k)}:${canonical(data[k])}`).join(',')}}`;
    }
    return JSON.stringify(data);
  };
  const holds = async (publicBytes, signature, message) => {
    const key = await crypto.subtle.importKey('raw', publicBytes, { name: 'Ed25519' }, false, ['verify']);
    return crypto.subtle.verify({ name: 'Ed25519' }, key, signature, message);
  };
  const hex = (data) => [...new Uint8Array(data)].map((one) => one.toString(16).padStart(2, '0')).join('');
  const sha256 = async (text) => new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(text)));

  const checkSnapshot = async (found) => {
    const { signature, ...body } = found;
    const key = keys[found.key];
    return Boolean(key) && holds(unb64(key), unb64(signature), utf8.encode(canonical(body)));
  };

  // The canonical N-Quads of our one shape of credential; see trainhub/certificates/openbadges.py.
  const OB = 'https://purl.imsglobal.org/spec/vc/ob/vocab.html#';
  const VC = 'https://www.w3.org/2018/credentials#';
  const STATUS = 'https://www.w3.org/ns/credentials/status#';
  const SCHEMA = 'https://schema.org/';
  const SEC = 'https://w3id.org/security#';
  const TYPE = '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>';
  const DATE = '<http://www.w3.org/2001/XMLSchema#dateTime>';
  const SHORT = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '"': '\\"', '\\': '\\\\' };
  const text = (value) => `"${value.replace(/[\u0000-\u001f"\\\u007f]/g, (c) => SHORT[c] || `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`)}"`;
  const shape = (b) => {
    const who = { type: 'IdentityObject', hashed: Boolean(b.salt), identityHash: b.identity, identityType: 'name' };
    if (b.salt) who.salt = b.salt;
    return {
      '@context': ['https://www.w3.org/ns/credentials/v2', 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json'],
      id: `${b.at}.json`, type: ['VerifiableCredential', 'OpenBadgeCredential'], name: b.name,
      issuer: { id: b.issuer, type: ['Profile'], name: b.issuerName }, validFrom: b.validFrom,
      credentialSubject: {
        id: `${b.at}#holder`, type: ['AchievementSubject'], identifier: [who], licenseNumber: b.number,
        achievement: {
          id: `${b.at}#achievement`, type: ['Achievement'], achievementType: 'Certificate', name: b.title, description: b.description,
          criteria: { id: `${b.at}#criteria`, narrative: b.narrative },
        },
      },
      credentialStatus: { id: `${b.list}#${b.index}`, type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: b.index, statusListCredential: b.list },
    };
  };
  const quads = (b) => {
    const me = `<${b.at}.json>`, holder = `<${b.at}#holder>`, ach = `<${b.at}#achievement>`, crit = `<${b.at}#criteria>`, who = '_:c14n0';
    const lines = [
      `<${b.issuer}> ${TYPE} <${OB}Profile> .\n`, `<${b.issuer}> <${SCHEMA}name> ${text(b.issuerName)} .\n`,
      `${ach} ${TYPE} <${OB}Achievement> .\n`, `${ach} <${OB}Criteria> ${crit} .\n`, `${ach} <${OB}achievementType> "Certificate" .\n`,
      `${ach} <${SCHEMA}description> ${text(b.description)} .\n`, `${ach} <${SCHEMA}name> ${text(b.title)} .\n`,
      `${crit} <${OB}narrative> ${text(b.narrative)} .\n`, `${holder} ${TYPE} <${OB}AchievementSubject> .\n`,
      `${holder} <${OB}achievement> ${ach} .\n`, `${holder} <${OB}identifier> ${who} .\n`, `${holder} <${OB}licenseNumber> ${text(b.number)} .\n`,
      `${me} ${TYPE} <${OB}OpenBadgeCredential> .\n`, `${me} ${TYPE} <${VC}VerifiableCredential> .\n`, `${me} <${SCHEMA}name> ${text(b.name)} .\n`,
      `${me} <${VC}credentialSubject> ${holder} .\n`, `${me} <${VC}issuer> <${b.issuer}> .\n`, `${me} <${VC}validFrom> "${b.validFrom}"^^${DATE} .\n`,
      `${who} ${TYPE} <${OB}IdentityObject> .\n`, `${who} <${OB}hashed> "${b.salt ? 'true' : 'false'}"^^<https://www.w3.org/2001/XMLSchema#boolean> .\n`,
      `${who} <${OB}identityHash> ${text(b.identity)} .\n`, `${who} <${OB}identityType> "name" .\n`,
    ];
    if (b.salt) lines.push(`${who} <${OB}salt> ${text(b.salt)} .\n`);
    const entry = `<${b.list}#${b.index}>`;
    lines.push(
      `${me} <${VC}credentialStatus> ${entry} .\n`, `${entry} ${TYPE} <${STATUS}BitstringStatusListEntry> .\n`,
      `${entry} <${STATUS}statusListCredential> <${b.list}> .\n`, `${entry} <${STATUS}statusListIndex> "${b.index}" .\n`,
      `${entry} <${STATUS}statusPurpose> "revocation" .\n`,
    );
    return lines.sort(byCodePoint).join('');
  };
  const badgeOf = (data) => {
    const s = data.credentialSubject, who = s.identifier[0], a = s.achievement, status = data.credentialStatus;
    const strip = (value, end) => (value.endsWith(end) ? value.slice(0, -end.length) : value);
    return {
      at: strip(data.id, '.json'), issuer: data.issuer.id, issuerName: data.issuer.name, name: data.name, validFrom: data.validFrom,
      identity: who.identityHash, salt: who.salt || '', number: s.licenseNumber, title: a.name, description: a.description,
      narrative: a.criteria.narrative, list: status.statusListCredential, index: status.statusListIndex,
    };
  };
  const checkBadge = async (data) => {
    const { proof: [proof, ...more], ...body } = data;
    if (more.length) return null;
    const b = badgeOf(data);
    if (canonical(shape(b)) !== canonical(body) || b.issuer !== didOf(siteOf(b.at)) || /[\s<>"{}|\\^`]/.test(b.at + b.issuer + b.list)) return null;
    return (await proves(proof, quads(b), b.issuer)) ? b : null;
  };
  // The site may have moved since: the address is the one of then, and a key of ours vouches for it. See `did_of` in openbadges.py.
  const quote = (part) => encodeURIComponent(part).replace(/[!*'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const didOf = (site) => ['did:web', ...String(site).replace(/^\w+:\/\//, '').split('/').filter(Boolean).map(quote)].join(':');
  const siteOf = (address) => String(address).split(/\/(?:V|status)\//)[0];
  const multikeyOf = (proof) => String((proof || {}).verificationMethod).split('#')[1];
  // Whether a proof by one of our keys covers these N-Quads.
  const proves = async (proof, lines, issuer) => {
    const multikey = multikeyOf(proof);
    if (!multikeys[multikey] || proof.verificationMethod !== `${issuer}#${multikey}` || proof.type !== 'DataIntegrityProof' || proof.cryptosuite !== 'eddsa-rdfc-2022' || proof.proofPurpose !== 'assertionMethod') return false;
    if (/["\\]/.test(proof.created) || Object.keys(proof).length !== 6) return false;
    const options = `_:c14n0 <http://purl.org/dc/terms/created> "${proof.created}"^^${DATE} .\n_:c14n0 ${TYPE} <${SEC}DataIntegrityProof> .\n`
      + `_:c14n0 <${SEC}cryptosuite> "eddsa-rdfc-2022"^^<${SEC}cryptosuiteString> .\n_:c14n0 <${SEC}proofPurpose> <${SEC}assertionMethod> .\n`
      + `_:c14n0 <${SEC}verificationMethod> <${proof.verificationMethod}> .\n`;
    const message = new Uint8Array([...(await sha256(options)), ...(await sha256(lines))]);
    const publicBytes = unb58(multikey.slice(1), 34).slice(2);
    return holds(publicBytes, unb58(proof.proofValue.slice(1), 64), message);
  };

  const inflate = async (bytes, format = 'deflate') => {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  // A status list of ours: its day and its bits; null when it is not as we signed it. See `status_list` in openbadges.py.
  const checkList = async (data) => {
    const { proof, ...body } = data, s = data.credentialSubject || {}, at = data.id, day = data.validFrom, encoded = s.encodedList;
    const issuer = didOf(siteOf(at));
    if (data.issuer !== issuer || typeof encoded !== 'string' || !/^u[\w-]+$/.test(encoded) || /[<>"\\\s]/.test(at + day)) return null;
    const expected = {
      '@context': ['https://www.w3.org/ns/credentials/v2'], id: at, type: ['VerifiableCredential', 'BitstringStatusListCredential'], issuer,
      validFrom: day, credentialSubject: { id: `${at}#list`, type: 'BitstringStatusList', statusPurpose: 'revocation', encodedList: encoded },
    };
    const [one, ...more] = [proof].flat();
    if (more.length || canonical(expected) !== canonical(body)) return null;
    const lines = [
      `<${at}#list> ${TYPE} <${STATUS}BitstringStatusList> .\n`, `<${at}#list> <${STATUS}encodedList> "${encoded}"^^<${SEC}multibase> .\n`,
      `<${at}#list> <${STATUS}statusPurpose> "revocation" .\n`, `<${at}> ${TYPE} <${VC}VerifiableCredential> .\n`,
      `<${at}> ${TYPE} <${STATUS}BitstringStatusListCredential> .\n`, `<${at}> <${VC}credentialSubject> <${at}#list> .\n`,
      `<${at}> <${VC}issuer> <${issuer}> .\n`, `<${at}> <${VC}validFrom> "${day}"^^${DATE} .\n`,
    ];
    if (!(await proves(one, lines.sort(byCodePoint).join(''), issuer))) return null;
    return { at: pageOf(at), day, bits: await inflate(unb64(encoded.slice(1)), 'gzip') };
  };
  const lists = new Map(); // by its page: the same certificates stand on it whatever the address of the day
  const pageOf = (address) => address.slice(siteOf(address).length);
  const isList = (one) => [one.type].flat().includes('BitstringStatusListCredential');

  const latin = (bytes) => { let s = ''; for (let i = 0; i < bytes.length; i += 8192) s += String.fromCharCode(...bytes.subarray(i, i + 8192)); return s; };
  // The attachments and one digest over everything that is drawn; no digest when something else may draw. See layouts/reading.py.
  const SIGNED = /\/AcroForm<<\/Fields\[\d+ 0 R\]\/SigFlags 3>>|\/Annots\[\d+ 0 R\]|\/Type\/Annot\/Subtype\/Widget\/FT\/Sig\/T\(Signature1\)\/F 132\/Rect\[0 0 0 0\]\/P \d+ 0 R\/V \d+ 0 R>>/g;
  const DRAWS = /stream|\/Subtype(?!\/CIDFontType2\b|\/Type0\b)|\/Annots|\/AcroForm|\/AA\b|\/OpenAction|\/\w*#/;
  const read = async (bytes) => {
    const file = latin(bytes), attached = [], digests = [];
    const begins = /(<<(?:(?!stream\r?\n|endobj)[\s\S]){0,4000}?>>)\s*stream\r?\n/g;
    let at = 0, rest = '';
    for (let match = begins.exec(file); match; match = begins.exec(file)) {
      const start = match.index + match[0].length, head = match[1], length = /\/Length (\d+)(?! \d+ R)/.exec(head);
      let end = file.indexOf('endstream', start);
      if (end < 0) throw new Error('no endstream');
      if (length && file.slice(start + Number(length[1]), start + Number(length[1]) + 12).trimStart().startsWith('endstream')) end = start + Number(length[1]);
      const raw = bytes.subarray(start, end);
      const plain = head.includes('/FlateDecode') ? await inflate(raw).catch(() => raw) : raw;
      if (head.includes('/EmbeddedFile')) attached.push(new TextDecoder().decode(plain));
      else digests.push(hex(await crypto.subtle.digest('SHA-256', plain)));
      rest += `${file.slice(at, match.index)}${/\bobj\b|\/Annot/.test(head) ? head : ''}\n`;
      at = end + 'endstream'.length;
      begins.lastIndex = at;
    }
    const seal = DRAWS.test((rest + file.slice(at)).replace(SIGNED, '')) ? '' : hex(await sha256(digests.sort().join('\n')));
    return { attached, seal };
  };

  // Whether every byte is as it was signed, but for the credential itself and a signature of the issuer behind. See layouts/whole.py.
  const digestOf = async (...parts) => hex(await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer()));
  const isWhole = async (bytes, said, held) => {
    const { at, size, sha256: whole, update } = Object(said);
    if (![at, size].every((one) => /^\d{10}$/.test(one))) return false;
    const start = Number(at), end = start + held.length, stop = Number(size);
    if (end > stop || stop > bytes.length || latin(bytes.subarray(start, end)) !== latin(held)) return false;
    if ((await digestOf(bytes.subarray(0, start), bytes.subarray(end, stop))) !== whole) return false;
    if (bytes.length === stop) return true;
    const added = latin(bytes.subarray(stop)).replace(/\/M\(D:\d{14}\+00'00'\)/, "/M(D:00000000000000+00'00')")
      .replace(/\/Contents<[0-9a-f]*>/, (found) => `/Contents<${'0'.repeat(found.length - 11)}>`);
    return (await digestOf(Uint8Array.from(added, (c) => c.charCodeAt(0)))) === update;
  };

  const show = (state, message, rows = [], more = '', name = '') => {
    const box = document.createElement('div');
    box.className = `notice notice-${state}`;
    box.setAttribute('role', 'alert');
    const body = document.createElement('div');
    body.className = 'notice-body';
    const strong = document.createElement('strong');
    strong.className = 'notice-title';
    strong.textContent = name ? `${name}: ${message}` : message;
    body.append(strong);
    body.append(more);
    box.append(body);
    out.append(box);
    if (!rows.length) return;
    const list = document.createElement('dl');
    list.className = 'kv mt-3';
    for (const [label, value] of rows) {
      const dt = document.createElement('dt'), dd = document.createElement('dd');
      dt.textContent = label; dd.textContent = value;
      list.append(dt, dd);
    }
    out.append(list);
  };
  const told = (sentence, list) => sentence.replace('{at}', `${list.day.slice(0, 16).replace('T', ' ')} UTC`);
  const parsed = (json) => { try { return Object(JSON.parse(json)); } catch { return {}; } };
  const unless = (other) => (error) => { if (error.name === 'NotSupportedError') throw error; return other; };

  const MOST_CREDENTIAL = 256 * 1024; // see MOST_BYTES in openbadges.py
  // What is to be said of one certificate's file: state, sentence, rows, what follows a good one.
  const judge = async (file) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const isPdf = latin(bytes.subarray(0, 5)) === '%PDF-';
    if (!isPdf && bytes.length > MOST_CREDENTIAL) return ['bad', words.none];
    const pdf = isPdf ? await read(bytes).catch(unless({ attached: [], seal: '' })) : null;
    const found = (pdf ? pdf.attached : [new TextDecoder().decode(bytes)]).map(parsed);
    const snapshot = found.find((one) => one.type === 'trainhub-certificate');
    const badge = found.find((one) => one.proof);
    if (!snapshot && !badge) return ['bad', words.none];
    let rows = [], good = true, list = null, isListed = false, isEarly = false, site = '';
    if (snapshot ? !keys[snapshot.key] : !multikeys[multikeyOf([badge.proof].flat()[0])]) return ['bad', words.key, [], words.learn];
    if (snapshot) {
      good = await checkSnapshot(snapshot).catch(unless(false));
      site = snapshot.site;
      const c = snapshot.certificate || {};
      rows = [[words.number, c.number], [words.holder, (c.facts || {}).name], [words.issuer, (c.facts || {}).issuer], ...Object.entries(c.facts || {}).filter(([k]) => !['name', 'issuer', 'issuer_en'].includes(k)).map(([k, value]) => [(labels[c.template] || labels[c.kind] || {})[k] || k, value])];
    }
    if (good && badge) {
      const b = await checkBadge(badge).catch(unless(null));
      good = Boolean(b) && (!snapshot || (b.number === snapshot.certificate.number && b.issuer === didOf(site)));
      if (b) site = siteOf(b.at);
      list = (b && lists.get(pageOf(b.list))) || null;
      isEarly = Boolean(list && Date.parse(list.day) < Date.parse(b.validFrom)); // it tells nothing of what was issued later
      isListed = Boolean(list && list.bits[Number(b.index) >> 3] & (0x80 >> (Number(b.index) & 7)));
      if (b && !snapshot) rows = [[words.kind, b.title], [words.number, b.number], [words.holder, b.salt ? '***' : b.identity], [words.issuer, b.issuerName], [words.content, b.description]];
    }
    if (!good) return ['bad', words.bad];
    const ours = [snapshot, badge].filter(Boolean).map(canonical).sort().join('\n');
    const isNew = snapshot && snapshot.version === 2;
    if (snapshot && snapshot.version > 2) return ['wait', words.newer, rows];
    const isPage = !pdf || (isNew ? await isWhole(bytes, snapshot.file, utf8.encode(canonical(snapshot)))
      : snapshot && pdf.seal && pdf.seal === snapshot.page && [...pdf.attached].sort().join('\n') === ours);
    if (!isPage) return ['bad', words.page, rows];
    if (isListed) return ['bad', told(words.revoked, list), rows];
    const more = [isEarly ? told(words.early, list) : list ? told(words.stands, list) : words.state, ...(didOf(site) === did ? [] : [words.moved.replace('{site}', site)])].join(' ');
    return pdf && !isNew ? ['wait', words.streams, rows, more] : ['ok', words.good, rows, more];
  };

  // The keys of after this page was kept: each is taken when one that is known vouches for it. See `vouching` in credentials.py.
  const isKeys = (one) => one.type === 'trainhub-certificate' && Array.isArray(one.keys);
  const base58 = (bytes) => {
    let value = bytes.reduce((sum, one) => sum * 256n + BigInt(one), 0n), said = '';
    for (; value; value /= 58n) said = ALPHABET[Number(value % 58n)] + said;
    return said;
  };
  const learn = async (published) => {
    let count = 0;
    for (let isNew = true; isNew;) {
      isNew = false;
      for (const { vouched, ...one } of published.keys.map(Object)) {
        const by = keys[Object(vouched).by];
        if (!by || keys[one.key]) continue;
        const bytes = unb64(one.public_key), said = { type: 'trainhub-key', key: one.key, algorithm: 'Ed25519', public_key: one.public_key };
        const name = hex(await crypto.subtle.digest('SHA-256', bytes)).slice(0, 16);
        if (name !== one.key || !(await holds(unb64(by), unb64(vouched.signature), utf8.encode(canonical(said))))) continue;
        keys[one.key] = one.public_key;
        multikeys[`z${base58([0xed, 0x01, ...bytes])}`] = true;
        count += 1;
        isNew = true;
      }
    }
    return count;
  };

  // The keys and the status lists among the files are read first, whichever order they were chosen in; then each certificate is judged.
  const answer = async (files) => {
    const certificates = [], given = [];
    for (const file of files) given.push([file, file.size < 4e6 ? parsed(await file.text()) : {}]);
    for (const [, data] of given.filter(([, one]) => isKeys(one))) {
      const count = await learn(data).catch(unless(0));
      show(count ? 'ok' : 'bad', count ? words.keys.replace('{n}', count) : words.nokeys);
    }
    for (const [file, data] of given.filter(([, one]) => !isKeys(one))) {
      if (!isList(data)) { certificates.push(file); continue; }
      const list = await checkList(data).catch(unless(null));
      if (list && (lists.get(list.at) || list).day <= list.day) lists.set(list.at, list);
      const by = multikeyOf([data.proof].flat()[0]), isByOther = by && !multikeys[by];
      if (!list) show('bad', isByOther ? words.newlist : words.badlist, [], isByOther ? words.learn : '');
      else if (!certificates.length && file === files[files.length - 1]) show('wait', told(words.list, list));
    }
    for (const file of certificates) {
      const [state, message, rows, more] = await judge(file).catch(unless(['bad', words.bad]));
      show(state, message, rows, more, certificates.length > 1 ? file.name : '');
    }
  };
  input.addEventListener('change', async () => {
    out.replaceChildren();
    try { await answer([...input.files]); } catch { show('wait', words.old); }
  });
  root.querySelector('[data-live]').hidden = false;
})();
