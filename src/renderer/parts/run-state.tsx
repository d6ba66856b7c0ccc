import { assertNever } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import type { Words } from '../../shared/words/en.ts';
import { useWords } from '../words/words-context.tsx';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'success' | 'warning' | 'danger' | 'info' | 'idle';

interface Look {
  readonly tone: Tone;
  readonly icon: IconName;
}

/** A state as shape, word and colour. */
export function lookOf({ state, outcome }: Pick<Run, 'state' | 'outcome'>): Look {
  if (state === 'queued') return { tone: 'idle', icon: 'wait' };
  if (state === 'preparing') return { tone: 'info', icon: 'prepare' };
  if (state === 'running' || state === 'settling') return { tone: 'info', icon: 'play' };
  switch (outcome) {
    case 'succeeded':
      return { tone: 'success', icon: 'check' };
    case 'cancelled':
      return { tone: 'idle', icon: 'slash' };
    case 'timed-out':
      return { tone: 'danger', icon: 'wait' };
    case 'failed':
    case 'prepare-failed':
    case 'refused':
      return { tone: 'danger', icon: 'cross' };
    case 'lost':
    case null:
      return { tone: 'warning', icon: 'alert' };
    default:
      return assertNever(outcome);
  }
}

export function wordOf({ state, outcome }: Pick<Run, 'state' | 'outcome'>, words: Words): string {
  return state === 'ended' && outcome !== null ? words.outcomes[outcome] : words.states[state];
}

export function RunState({ run }: { run: Pick<Run, 'state' | 'outcome'> }) {
  const { tone, icon } = lookOf(run);
  return (
    <Badge tone={tone} icon={icon}>
      {wordOf(run, useWords())}
    </Badge>
  );
}

export function Badge({ tone, icon, children }: { tone: Tone; icon: IconName; children: string }) {
  return (
    <span className={`badge tone-${tone}`}>
      <Icon name={icon} />
      {children}
    </span>
  );
}
