// Reports which seconds of a video were played. The server believes only what can have been watched in the time that passed.
(() => {
  "use strict";
  const EVERY = 10;

  function follow(video) {
    let from = null;
    let last = null;
    let started = null;
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
        })
        .catch(() => {});
    };
    const flush = (keepalive = false) => {
      if (from === null || last === null || last - from < 0.5) return;
      const part = { from: from.toFixed(1), to: last.toFixed(1) };
      from = last;
      Promise.resolve(started).then(() => send(part, keepalive));
    };
    video.addEventListener("play", () => {
      started = started || send({});
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

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("video[data-watch]").forEach(follow));
})();
