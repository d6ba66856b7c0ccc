import { useState } from 'react';
import type { RobotView } from '../../../shared/status.ts';
import { useAgent, useAnswer, useOrder } from '../../agent/agent-context.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { goTo } from '../../route.ts';
import { useWords } from '../../words/words-context.tsx';
import { parseVariables } from './parse-variables.ts';

/** Starts a robot by hand: what of it, for which task, with what. */
export function StartDialog({
  robot,
  operation,
  taskId,
  onClose,
}: {
  robot: Pick<RobotView, 'code' | 'name'>;
  operation: string | null;
  taskId: string | null;
  onClose: () => void;
}) {
  const words = useWords();
  const { client } = useAgent();
  const robots = useAnswer('robots', undefined);
  const operations = robots.data?.find(({ code }) => code === robot.code)?.operations ?? [];
  const [chosen, setChosen] = useState(operation ?? '');
  const [task, setTask] = useState(taskId ?? '');
  const [text, setText] = useState('');
  const [requestId] = useState(() => crypto.randomUUID());
  const { variables, badLine } = parseVariables(text);
  const start = useOrder(async () => {
    const run = await client.call('start', {
      requestId,
      robot: robot.code,
      operation: (chosen || operations[0]) ?? null,
      variables,
      taskId: task.trim() || null,
    });
    onClose();
    // After whatever closing does to the address.
    setTimeout(() => goTo({ view: 'run', id: run.id }));
  });
  return (
    <Dialog title={words.start.title(robot.name)} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void start.give();
        }}
      >
        <div className="labelled">
          <label htmlFor="start-operation">{words.start.operation}</label>
          {operations.length > 0 ? (
            <select
              id="start-operation"
              className="field"
              value={chosen || operations[0]}
              onChange={(event) => setChosen(event.target.value)}
            >
              {operations.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          ) : (
            <input
              id="start-operation"
              className="field"
              value={chosen}
              placeholder={words.start.onlyOperation}
              onChange={(event) => setChosen(event.target.value)}
            />
          )}
        </div>
        <label className="labelled">
          <span>{words.start.task}</span>
          <input
            className="field"
            value={task}
            spellCheck={false}
            onChange={(event) => setTask(event.target.value)}
          />
          <span className="soft small">{words.start.taskHint}</span>
        </label>
        <label className="labelled">
          <span>{words.start.variables}</span>
          <textarea
            className="field"
            rows={3}
            value={text}
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
          <span className="soft small">
            {badLine === null ? words.start.variablesHint : words.start.badVariable(badLine)}
          </span>
        </label>
        <Failure error={start.error} onDismiss={start.forget} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {words.settings.cancel}
          </button>
          <button
            type="submit"
            className="button button-main"
            disabled={start.isUnderWay || badLine !== null}
          >
            {words.start.start}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
