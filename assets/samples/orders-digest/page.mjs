// The page that a person reads.

export function renderPage(summary) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Orders digest</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem }
  table { border-collapse: collapse; width: 100%; margin-bottom: 2rem }
  th, td { border-bottom: 1px solid #ccc; padding: .4rem; text-align: left }
</style>
<h1>Orders digest</h1>
<p>${summary.count} orders from ${escapeHtml(summary.from)} to ${escapeHtml(summary.to)}, ${summary.revenue} in all.</p>
<h2>By category</h2>
${renderTable(
  ['Category', 'Orders', 'Total'],
  summary.categories.map((row) => [row.name, row.count, row.total]),
)}
<h2>Best customers</h2>
${renderTable(
  ['Customer', 'Orders', 'Total'],
  summary.customers.map((row) => [row.name, row.count, row.total]),
)}
<h2>Unpaid for more than 30 days</h2>
${renderTable(
  ['Order', 'Customer', 'Days'],
  summary.overdue.map((row) => [row.id, row.customer, row.days]),
)}
`;
}

function renderTable(heads, rows) {
  const head = heads.map((text) => `<th>${escapeHtml(text)}`).join('');
  const body = rows
    .map((cells) => `<tr>${cells.map((text) => `<td>${escapeHtml(text)}`).join('')}`)
    .join('\n');
  return `<table>\n<thead><tr>${head}</thead>\n<tbody>\n${body}\n</tbody>\n</table>`;
}

function escapeHtml(value) {
  return String(value).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
