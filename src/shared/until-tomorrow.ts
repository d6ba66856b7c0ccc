/** Until seven in the morning of the next day, in milliseconds: before anybody expects work. */
export function untilTomorrow(nowMs: number): number {
  const now = new Date(nowMs);
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, 7).getTime() - nowMs;
}
