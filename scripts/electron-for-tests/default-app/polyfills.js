// Test harness only: what Node 24 has and Electron 22's Node 16.17 lacks. Never shipped.
const def = (o, k, v) => {
  if (!(k in o)) Object.defineProperty(o, k, { value: v, writable: true, configurable: true });
};
def(Array.prototype, 'toSorted', function (c) {
  return [...this].sort(c);
});
def(Array.prototype, 'toReversed', function () {
  return [...this].reverse();
});
def(Array.prototype, 'toSpliced', function (...a) {
  const r = [...this];
  r.splice(...a);
  return r;
});
def(Array.prototype, 'with', function (i, v) {
  const r = [...this];
  r[i < 0 ? r.length + i : i] = v;
  return r;
});
def(Array.prototype, 'findLast', function (f, t) {
  for (let i = this.length - 1; i >= 0; i--) if (f.call(t, this[i], i, this)) return this[i];
});
def(Array.prototype, 'findLastIndex', function (f, t) {
  for (let i = this.length - 1; i >= 0; i--) if (f.call(t, this[i], i, this)) return i;
  return -1;
});
def(Object, 'groupBy', (it, f) => {
  const r = Object.create(null);
  let i = 0;
  for (const x of it) {
    const k = f(x, i++);
    r[k] ??= [];
    r[k].push(x);
  }
  return r;
});
def(Map, 'groupBy', (it, f) => {
  const m = new Map();
  let i = 0;
  for (const x of it) {
    const k = f(x, i++);
    m.has(k) ? m.get(k).push(x) : m.set(k, [x]);
  }
  return m;
});
def(Promise, 'withResolvers', function () {
  let resolve, reject;
  const promise = new this((a, b) => {
    resolve = a;
    reject = b;
  });
  return { promise, resolve, reject };
});
