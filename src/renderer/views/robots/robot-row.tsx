import type { Progress } from '../../../shared/control-api.ts';
import type { Run } from '../../../shared/run.ts';
import type { RobotState, RobotView } from '../../../shared/status.ts';
import { useMayOrder } from '../../agent/agent-context.tsx';
import { Icon, type IconName } from '../../parts/icon.tsx';
import { Menu } from '../../parts/menu.tsx';
import { ProgressBar, percentOf } from '../../parts/progress-bar.tsx';
import { Badge, type Tone, wordOf } from '../../parts/run-state.tsx';
import { hrefOf } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';

const LOOKS: Readonly<Record<RobotState, { tone: Tone; icon: IconName }>> = {
  ready: { tone: 'success', icon: 'check' },
  preparing: { tone: 'info', icon: 'prepare' },
  unprepared: { tone: 'idle', icon: 'wait' },
  failed: { tone: 'danger', icon: 'cross' },
  excluded: { tone: 'idle', icon: 'slash' },
  unsupported: { tone: 'warning', icon: 'alert' },
};

export function RobotRow({
  robot,
  progress,
  lastRun,
  onStart,
  onPrepare,
  onLimits,
}: {
  robot: RobotView;
  progress: Progress | undefined;
  lastRun: Run | undefined;
  onStart: () => void;
  onPrepare: () => void;
  onLimits: () => void;
}) {
  const all = useWords();
  const words = all.robots;
  const format = useFormat();
  const now = useNow(10_000);
  const { tone, icon } = LOOKS[robot.state];
  const mayOrder = useMayOrder();
  const canRun = mayOrder && robot.state !== 'excluded' && robot.state !== 'unsupported';
  const percent = robot.state === 'preparing' ? percentOf(progress) : null;
  const runtimes = Object.entries(robot.runtimes).map(([name, version]) => `${name} ${version}`);
  return (
    <li className="robot" data-row>
      <div className="robot-name">
        <button type="button" onClick={canRun ? onStart : onLimits} data-row-main>
          {robot.name}
        </button>
        <div className="robot-about soft small">
          <span>{robot.code}</span>
          {robot.revision && <span>{words.revision(robot.revision.slice(0, 8))}</span>}
          {runtimes.length > 0 && <span>{runtimes.join(', ')}</span>}
          {lastRun ? (
            <a href={hrefOf({ view: 'run', id: lastRun.id })}>
              {words.lastRun} {format.ago(lastRun.endedAt ?? lastRun.requestedAt, now)}
              {lastRun.outcome === 'succeeded' ? '' : `: ${wordOf(lastRun, all).toLowerCase()}`}
            </a>
          ) : (
            canRun && <span>{words.neverRan}</span>
          )}
        </div>
      </div>
      <Badge tone={tone} icon={icon}>
        {percent === null
          ? words.states[robot.state]
          : `${words.states[robot.state]} ${format.percent(percent)}`}
      </Badge>
      <div className="robot-actions">
        {canRun && (
          <button type="button" className="button" onClick={onStart}>
            <Icon name="play" filled />
            {words.start}
          </button>
        )}
        <Menu
          label={words.actions(robot.name)}
          className="button button-quiet button-icon"
          items={[
            ...(canRun ? [{ label: words.prepare, icon: 'prepare' as const, onChoose: onPrepare }] : []),
            { label: words.limits, icon: 'settings', onChoose: onLimits },
          ]}
        >
          <Icon name="dots" />
        </Menu>
      </div>
      {robot.reason && (
        <p className="robot-reason soft small" lang="en">
          {robot.reason}
        </p>
      )}
      {robot.state === 'preparing' && progress && (
        <p className="robot-reason soft small" lang="en">
          {progress.step}
        </p>
      )}
      {robot.state === 'preparing' && <ProgressBar progress={progress} />}
    </li>
  );
}
