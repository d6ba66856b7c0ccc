import { ApiError } from './api-error.ts';

/** Sizes of the specification: 25 when none is named, 1000 at most. */
const DEFAULT_SIZE = 25;

/**
 * A page of `all` as the query asks: `size`, `page` and `sort=prop,asc|desc`, repeated. Without a sort the order
 * is that of creation.
 * @throws ApiError 400 for a property that cannot be sorted by
 */
export function pageOf<T extends object, R>(
  all: readonly T[],
  query: Record<string, unknown>,
  sortable: readonly (keyof T & string)[],
  toWire: (value: T) => R,
) {
  const size = typeof query.size === 'number' ? query.size : DEFAULT_SIZE;
  const page = typeof query.page === 'number' ? query.page : 0;
  const sorted = [...all].sort(compareBy(sortsOf(query.sort, sortable)));
  const content = size === 0 ? [] : sorted.slice(page * size, (page + 1) * size);
  return {
    metadata: {
      size,
      page,
      totalElements: all.length,
      totalPages: size === 0 ? 0 : Math.ceil(all.length / size),
    },
    content: content.map(toWire),
  };
}

/** All, or none when the query names other tenants only: this platform has one. */
export function ofTenant<T>(state: { tenantId: string }, query: Record<string, unknown>, all: T[]): T[] {
  return !Array.isArray(query.tenantId) || query.tenantId.includes(state.tenantId) ? all : [];
}

interface Sort<T> {
  property: keyof T & string;
  descending: boolean;
}

function sortsOf<T>(sort: unknown, sortable: readonly (keyof T & string)[]): Sort<T>[] {
  const texts = Array.isArray(sort) ? sort.map(String) : [];
  return texts.map((text) => {
    const [name, direction] = text.split(',');
    const property = sortable.find((candidate) => candidate === name);
    if (property === undefined) {
      throw new ApiError(400, `Cannot sort by ${name}`, [
        {
          code: 'INVALID_SORT',
          message: `Sort by one of ${sortable.join(', ')}`,
          location: 'sort',
          locationType: 'query',
        },
      ]);
    }
    return { property, descending: direction?.toLowerCase() === 'desc' };
  });
}

function compareBy<T extends object>(sorts: readonly Sort<T>[]): (a: T, b: T) => number {
  return (a, b) => {
    for (const { property, descending } of sorts) {
      const [x, y] = [String(a[property] ?? ''), String(b[property] ?? '')];
      if (x !== y) return (x < y ? -1 : 1) * (descending ? -1 : 1);
    }
    return 0;
  };
}
