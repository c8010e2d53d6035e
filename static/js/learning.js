// Reports which seconds of a video were played. The server believes only what can have been watched in the time that passed.
(() => {
  "use strict";
  const EVERY = 10;
  const MOST = 100;

  function follow(video) {
    let from = null;
    let last = null;
    let started = null;
    // What could not be reported yet, oldest first: it goes with the next report instead of being lost.
    let waiting = [];
    let sending = null;
    const send = (values, keepalive = false) => {
      const body = new URLSearchParams({ csrf_token: video.dataset.token, ...values });
      return fetch(video.dataset.watch, { method: "POST", body, keepalive, credentials: "same-origin" })
        .then((answer) => (answer.ok ? answer.json() : null))
        .then((state) => {
          const bar = video.closest(".card").querySelector("[data-watch-progress] progress");
          if (state && state.share !== null && bar) {
            bar.value = state.share * 1000;
            bar.closest("[data-watch-progress]").querySelector("strong").textContent = `${Math.round(state.share * 100)}%`;
          }
          return state !== null;
        })
        .catch(() => false);
    };
    // Without a start that arrived the server believes nothing: it is said again until it did.
    const start = () => {
      started = started || send({}).then((ok) => { if (!ok) started = null; return ok; });
      return started;
    };
    const report = async (part, keepalive) => {
      const ok = await start() && await send(part, keepalive);
      if (!ok) waiting.unshift(part);
      return ok;
    };
    const drain = async () => {
      while (waiting.length && await report(waiting.shift(), false));
    };
    const flush = (keepalive = false) => {
      if (from !== null && last !== null && last - from >= 0.5) {
        waiting.push({ from: from.toFixed(1), to: last.toFixed(1) });
        from = last;
      }
      waiting.splice(0, waiting.length - MOST);
      if (keepalive) waiting.splice(0).forEach((part) => report(part, true));
      else sending = sending || drain().finally(() => { sending = null; });
    };
    video.addEventListener("play", () => {
      start();
      from = last = video.currentTime;
    });
    video.addEventListener("timeupdate", () => {
      if (video.seeking || from === null) return;
      if (last !== null && Math.abs(video.currentTime - last) > 3) {
        flush();
        from = video.currentTime;
      }
      last = video.currentTime;
      if (last - from >= EVERY) flush();
    });
    video.addEventListener("seeking", () => { flush(); from = null; });
    video.addEventListener("seeked", () => { from = last = video.currentTime; });
    ["pause", "ended"].forEach((name) => video.addEventListener(name, () => flush()));
    document.addEventListener("visibilitychange", () => { if (document.hidden) flush(true); });
  }

  // Goes on where the learner left; the browser may refuse before the length is known.
  function resume(video) {
    const at = Number(video.dataset.resume) || 0;
    if (at <= 0) return;
    const go = () => { if (video.currentTime < 1) video.currentTime = at; };
    if (video.readyState >= 1) go();
    else video.addEventListener("loadedmetadata", go, { once: true });
  }

  const videoOf = (id) => {
    const block = document.getElementById(id);
    return block && block.querySelector("video");
  };
  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    const rest = `${String(Math.floor(whole / 60) % 60).padStart(whole >= 3600 ? 2 : 1, "0")}:${String(whole % 60).padStart(2, "0")}`;
    return whole >= 3600 ? `${Math.floor(whole / 3600)}:${rest}` : rest;
  };

  // A time stamp of a note or of the transcript is a jump into the video.
  document.addEventListener("click", (event) => {
    const jump = event.target.closest("[data-seek]");
    const video = jump && videoOf(jump.dataset.of);
    if (!video) return;
    event.preventDefault();
    video.currentTime = Number(jump.dataset.seek);
    video.play().catch(() => {});
    video.closest(".card").scrollIntoView({ block: "start" });
  });

  // A new note takes the place at which the video stands when one begins to write; of several videos that which played last.
  let latest = null;
  document.addEventListener("play", (event) => { latest = event.target.closest("[id^='block-']"); }, true);
  function stamp(field) {
    const form = field.closest("form");
    const choice = form.querySelector("select[name='block']");
    const fill = () => {
      if (choice && latest && !choice.dataset.touched) choice.value = latest.id.replace("block-", "");
      const video = videoOf(choice ? `block-${choice.value}` : field.dataset.noteAt);
      if (video && video.currentTime > 0 && !field.dataset.touched) field.value = clock(video.currentTime);
    };
    field.addEventListener("input", () => { field.dataset.touched = "yes"; });
    if (choice) choice.addEventListener("change", () => { choice.dataset.touched = "yes"; fill(); });
    form.querySelector("textarea").addEventListener("focus", fill);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("video[data-watch]").forEach(follow);
    document.querySelectorAll("video[data-resume]").forEach(resume);
    document.querySelectorAll("[data-note-at]").forEach(stamp);
  });
})();
