// Live preview of a certificate template: what is typed is drawn by the server as it will be printed.
(() => {
  'use strict';
  const preview = document.querySelector('[data-template-preview]');
  const area = document.querySelector('textarea[name=body]');
  if (!preview || !area) return;
  const said = document.querySelector('[data-template-error]');
  const token = document.querySelector('input[name=csrf_token]');
  area.rows = 24;
  area.spellcheck = false;
  let timer = 0;
  let turn = 0;
  const draw = async () => {
    const mine = (turn += 1);
    const data = new FormData();
    data.set('body', area.value);
    if (token) data.set('csrf_token', token.value);
    try {
      const answer = await fetch(preview.dataset.templatePreview, { method: 'POST', body: data, credentials: 'same-origin' });
      const text = await answer.text();
      if (mine !== turn) return;
      if (answer.ok) {
        const image = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
        preview.replaceChildren(document.importNode(image, true));
        said.textContent = '';
      } else if (answer.status === 422) {
        said.textContent = text;
      }
    } catch { /* away from the network: the last preview stays */ }
  };
  area.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(draw, 500); });
})();
