import { CopyButton } from '../../parts/copy-button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { useWords } from '../../words/words-context.tsx';
import type { Check } from './list-checks.ts';

const LOOKS = {
  good: { tone: 'success', icon: 'check' },
  unsure: { tone: 'warning', icon: 'alert' },
  bad: { tone: 'danger', icon: 'cross' },
} as const;

export function CheckList({ checks }: { checks: readonly Check[] }) {
  return (
    <ul className="list">
      {checks.map((check) => (
        <CheckRow key={check.id} check={check} />
      ))}
    </ul>
  );
}

function CheckRow({ check: { title, state, message, fix, isFromAgent } }: { check: Check }) {
  const { health: words } = useWords();
  const { tone, icon } = LOOKS[state];
  const command = fix === null ? null : commandIn(fix);
  return (
    <li className="check" data-check={state}>
      <span className={`check-mark tone-${tone}`}>
        <Icon name={icon} />
      </span>
      <div className="check-text">
        <strong>{title}</strong>
        <p className="soft" lang={isFromAgent ? 'en' : undefined}>
          {message}
        </p>
        {fix && <p lang={isFromAgent ? 'en' : undefined}>{fix}</p>}
      </div>
      {command !== null && <CopyButton label={words.copyCommand} text={command} />}
    </li>
  );
}

/** `Run: chmod 700 '/x'` and `…: sudo apt install bubblewrap, or …` say a command to be copied; others do not. */
export function commandIn(fix: string): string | null {
  return (
    /(?:^|[:,] |or run: )((?:sudo |chmod |timedatectl |kubot )[^,]*?)(?:,|$|\.$| removes )/.exec(fix)?.[1] ??
    null
  );
}
