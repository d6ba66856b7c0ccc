import type { Run } from '../../../shared/run.ts';
import { useAgent, useMayOrder, useOrder } from '../../agent/agent-context.tsx';
import { Icon } from '../../parts/icon.tsx';
import { useWords } from '../../words/words-context.tsx';

/** Ends a run. What was asked for shows at once; the run's end shows when it comes. */
export function StopButton({ run }: { run: Run }) {
  const { client } = useAgent();
  const { now: words } = useWords();
  const mayOrder = useMayOrder();
  const stop = useOrder(async () => {
    await client.call('cancel', { id: run.id });
    // Until the run has ended there is nothing more to ask for.
    await new Promise((resolve) => setTimeout(resolve, ASKED_MS));
  });
  if (!mayOrder || run.state === 'settling' || run.state === 'ended') return null;
  return (
    <button
      type="button"
      className="button button-danger"
      disabled={stop.isUnderWay}
      title={stop.error?.message}
      aria-label={`${words.stop} ${run.robot.code}`}
      onClick={() => void stop.give()}
    >
      <Icon name="stop" filled />
      {stop.isUnderWay ? words.stopping : words.stop}
    </button>
  );
}

/** As long as a robot may take to end after it was asked to. */
const ASKED_MS = 10_000;
