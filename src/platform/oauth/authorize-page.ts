import type { Principal } from '../model.ts';

/** The page on which a person lets a program act for them, or does not. */
export function authorizePage(ticket: string, clientId: string, people: readonly Principal[]): string {
  const options = people
    .map(({ id, name, email }) => `<option value="${escaped(id)}">${escaped(`${name} <${email}>`)}</option>`)
    .join('');
  return page(
    'Sign in',
    `<p><strong>${escaped(clientId)}</strong> asks to work with this KuFlow in your name.</p>
<form method="post" action="/oauth/authorize">
<input type="hidden" name="ticket" value="${escaped(ticket)}">
<label>Who you are <select name="person">${options}</select></label>
<div class="buttons"><button name="decision" value="allow">Allow</button>
<button name="decision" value="refuse" class="second">Refuse</button></div>
</form>`,
  );
}

/** A request that nobody can be sent back from. */
export function faultPage(text: string): string {
  return page('This cannot be', `<p>${escaped(text)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} · embedded KuFlow</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; place-content: center; min-height: 100vh; margin: 0; padding: 0 1.5rem; }
main { max-width: 26rem; }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 .5rem; }
label { display: grid; gap: .25rem; margin: 1rem 0; }
select, button { font: inherit; padding: .5rem .75rem; border-radius: 6px; border: 1px solid #8889; }
button { background: #0f766e; border-color: #0f766e; color: #fff; }
button.second { background: none; border-color: #8889; color: inherit; }
.buttons { display: flex; gap: .5rem; }
small { opacity: .7; }
</style></head>
<body><main><h1>${title}</h1>${body}<p><small>The embedded platform of KuBot Runner. It asks for no password.</small></p></main></body></html>
`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
