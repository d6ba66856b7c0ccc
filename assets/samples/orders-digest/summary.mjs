// The sums. Amounts are counted in cents: 0.1 + 0.2 is not 0.3 in floating point.

const OVERDUE_AFTER_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Orders as rows of text; the result is text and numbers ready to show. The newest order's day is "today". */
export function summarise(orders) {
  const today = orders
    .map((order) => order.date)
    .sort()
    .at(-1);
  const amounts = orders.map((order) => ({ ...order, cents: readCents(order) }));
  return {
    count: orders.length,
    from: orders.map((order) => order.date).sort()[0] ?? null,
    to: today ?? null,
    revenue: formatCents(sum(amounts)),
    categories: group(amounts, 'category'),
    customers: group(amounts, 'customer').slice(0, 5),
    overdue: amounts
      .filter((order) => order.paid !== 'yes')
      .map((order) => ({ ...order, days: Math.round((Date.parse(today) - Date.parse(order.date)) / DAY_MS) }))
      .filter((order) => order.days > OVERDUE_AFTER_DAYS)
      .sort((left, right) => right.days - left.days),
  };
}

function readCents({ id, quantity, unit_price }) {
  const cents = Math.round(Number(quantity) * Math.round(Number(unit_price) * 100));
  if (!Number.isFinite(cents))
    throw new Error(`Order ${id} has no readable amount: ${quantity} × ${unit_price}`);
  return cents;
}

function group(orders, column) {
  const names = [...new Set(orders.map((order) => order[column]))];
  return names
    .map((name) => ({ name, orders: orders.filter((order) => order[column] === name) }))
    .map((entry) => ({ name: entry.name, count: entry.orders.length, cents: sum(entry.orders) }))
    .sort((left, right) => right.cents - left.cents || left.name.localeCompare(right.name))
    .map(({ name, count, cents }) => ({ name, count, total: formatCents(cents) }));
}

function sum(orders) {
  return orders.reduce((total, order) => total + order.cents, 0);
}

function formatCents(cents) {
  return (cents / 100).toFixed(2);
}
