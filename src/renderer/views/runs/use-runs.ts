import { useEffect, useState } from 'react';
import type { Run } from '../../../shared/run.ts';
import { useAgent, useAgentView, useAnswer, useOrder } from '../../agent/agent-context.tsx';
import { matchesRun, type RunFilter } from './match-run.ts';

const PAGE = 100;
/** A person who types is waited for. */
const TYPED_MS = 200;

/** Runs that fit, newest first, page by page; the newest page follows what happens. */
export function useRuns(filter: RunFilter, search: string) {
  const { client } = useAgent();
  const { liveRuns, endings } = useAgentView();
  const text = useSettled(search);
  const query = { limit: PAGE, state: null, robot: null, standing: filter === 'all' ? null : filter, text };
  const key = JSON.stringify(query);
  const newest = useAnswer('runs', { ...query, before: null }, `${endings} ${liveRuns.length}`);
  const [older, setOlder] = useState<{ key: string; runs: readonly Run[]; isEnd: boolean }>({
    key,
    runs: [],
    isEnd: false,
  });
  const own = older.key === key ? older : { key, runs: [], isEnd: false };
  const first = newest.data ?? [];
  const seen = new Set(first.map(({ id }) => id));
  const all = [...first, ...own.runs.filter(({ id }) => !seen.has(id))];
  const more = useOrder(async () => {
    const page = await client.call('runs', { ...query, before: all.at(-1)?.id ?? null });
    setOlder({ key, runs: [...own.runs, ...page], isEnd: page.length < PAGE });
  });
  const runs = all.map((run) => liveRuns.find(({ id }) => id === run.id) ?? run);
  return {
    // What is known is sifted at once; the agent's answer to what was typed follows.
    shown: runs.filter((run) => matchesRun(run, filter, search)),
    isKnown: newest.data !== null,
    hasMore: first.length === PAGE && !own.isEnd,
    more,
    error: newest.error,
    again: newest.again,
  };
}

function useSettled(search: string): string {
  const [settled, setSettled] = useState(search);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(search), TYPED_MS);
    return () => clearTimeout(timer);
  }, [search]);
  return settled;
}
