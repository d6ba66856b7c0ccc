import { useState } from 'react';
import type { Run } from '../../../shared/run.ts';
import { useAgent, useMayOrder, useOrder } from '../../agent/agent-context.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Menu } from '../../parts/menu.tsx';
import { useWords } from '../../words/words-context.tsx';

type Action = 'complete' | 'hand-over';

/** For a task that its failed run kept: what a person makes of it. */
export function SettleButton({ run, onSettled }: { run: Run; onSettled: () => void }) {
  const { now: words } = useWords();
  const [action, setAction] = useState<Action | null>(null);
  const mayOrder = useMayOrder();
  if (!mayOrder || run.taskId === null || run.settled?.action !== 'kept') return null;
  return (
    <>
      <Menu
        label={`${words.settle} ${run.robot.code}`}
        items={[
          { label: words.complete, onChoose: () => setAction('complete') },
          { label: words.handOver, onChoose: () => setAction('hand-over') },
        ]}
      >
        {words.settleAction}
        <Icon name="down" />
      </Menu>
      {action !== null && (
        <SettleDialog
          taskId={run.taskId}
          action={action}
          onClose={() => setAction(null)}
          onSettled={onSettled}
        />
      )}
    </>
  );
}

/** Says what will be, and does it: KuFlow cannot take it back. */
function SettleDialog({
  taskId,
  action,
  onClose,
  onSettled,
}: {
  taskId: string;
  action: Action;
  onClose: () => void;
  onSettled: () => void;
}) {
  const words = useWords();
  const { client } = useAgent();
  const [email, setEmail] = useState('');
  const isHandOver = action === 'hand-over';
  const settle = useOrder(async () => {
    await client.call('settle', { taskId, action, email: isHandOver ? email.trim() : null });
    onClose();
    onSettled();
  });
  const title = isHandOver ? words.now.handOverTitle : words.now.complete;
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void settle.give();
        }}
      >
        <p>{isHandOver ? words.now.handOverText : words.now.completeText}</p>
        {isHandOver && (
          <label className="labelled">
            <span>{words.now.email}</span>
            <input
              type="email"
              required
              className="field"
              value={email}
              onChange={({ target }) => setEmail(target.value)}
            />
          </label>
        )}
        <Failure error={settle.error} onDismiss={settle.forget} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {words.settings.cancel}
          </button>
          <button type="submit" className="button button-main" disabled={settle.isUnderWay}>
            {title}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
