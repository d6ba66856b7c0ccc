/** What a person does on the embedded platform's page; returns what the browser is left with. */
export async function decideOn(
  url: string,
  decision: 'allow' | 'refuse',
): Promise<{ status: number; text: string }> {
  const page = await fetch(url);
  const html = await page.text();
  if (!page.ok) return { status: page.status, text: html };
  const ticket = /name="ticket" value="([^"]+)"/.exec(html)?.[1] ?? '';
  const person = /<option value="([^"]+)"/.exec(html)?.[1] ?? '';
  const answer = await fetch(new URL('/oauth/authorize', url), {
    method: 'POST',
    body: new URLSearchParams({ ticket, person, decision }),
  });
  return { status: answer.status, text: await answer.text() };
}
