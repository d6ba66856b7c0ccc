import type { RobotSettingsSchema } from '../../../shared/robot-settings.ts';
import type { RobotView } from '../../../shared/status.ts';
import { useAnswer } from '../../agent/agent-context.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { useWords } from '../../words/words-context.tsx';
import { SettingRow } from '../settings/setting-row.tsx';

/** The settings of one robot that people change; the others are in the file. */
const KEYS = [
  'maxConcurrentRuns',
  'runTimeoutMs',
  'sandbox',
  'desktop',
  'failurePolicy',
] as const satisfies readonly (keyof typeof RobotSettingsSchema.shape)[];

export function LimitsDialog({ robot, onClose }: { robot: RobotView; onClose: () => void }) {
  const words = useWords();
  return (
    <Dialog title={words.robots.limitsOf(robot.name)} onClose={onClose}>
      <ul className="list">
        {KEYS.map((key) => (
          <RobotSetting key={key} code={robot.code} name={key} />
        ))}
      </ul>
      <p className="soft small">{words.robots.limitsHold}</p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {words.keyboard.close}
        </button>
      </div>
    </Dialog>
  );
}

function RobotSetting({ code, name }: { code: string; name: (typeof KEYS)[number] }) {
  const key = `robots.${code}.${name}`;
  const { data, again } = useAnswer('configGet', { key });
  if (data === null) return null;
  return <SettingRow setting={{ ...data, locked: data.source === 'policy' }} onSaved={again} />;
}
