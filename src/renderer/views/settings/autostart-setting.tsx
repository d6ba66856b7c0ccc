import { useEffect, useState } from 'react';
import { useOrder } from '../../agent/agent-context.tsx';
import type { Shell } from '../../agent/bridge.ts';
import { Failure } from '../../parts/failure.tsx';
import { useWords } from '../../words/words-context.tsx';

/** Whether the app starts with the person's session; nothing where that cannot be chosen. */
export function AutostartSetting({ shell }: { shell: Shell }) {
  const { settings: words } = useWords();
  const [isOn, setOn] = useState<boolean | null>(null);
  useEffect(() => {
    let wanted = true;
    shell.autostart.read().then(
      (on) => wanted && setOn(on),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [shell]);
  const change = useOrder(async (on: boolean) => {
    await shell.autostart.set(on);
    setOn(await shell.autostart.read());
  });
  if (isOn === null) return null;
  return (
    <li className="setting">
      <div className="setting-text">
        <p>{words.autostart}</p>
        <p className="soft small">{words.autostartText}</p>
        <Failure error={change.error} onDismiss={change.forget} />
      </div>
      <select
        className="field"
        aria-label={words.autostart}
        disabled={change.isUnderWay}
        value={String(isOn)}
        onChange={({ target }) => void change.give(target.value === 'true')}
      >
        <option value="true">{words.on}</option>
        <option value="false">{words.off}</option>
      </select>
    </li>
  );
}
