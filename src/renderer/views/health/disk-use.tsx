import { useAgent, useAnswer, useOrder } from '../../agent/agent-context.tsx';
import { Failure } from '../../parts/failure.tsx';
import { useFormat, useWords } from '../../words/words-context.tsx';

/** What the home holds, what the disk has left, and what can be freed. */
export function DiskUseSection() {
  const { health: words } = useWords();
  const format = useFormat();
  const { client } = useAgent();
  const use = useAnswer('diskUse', undefined);
  const prunable = useAnswer('prune', { dryRun: true });
  const prune = useOrder(async () => {
    await client.call('prune', { dryRun: false });
    prunable.again();
    use.again();
  });
  const areas = use.data?.areas ?? [];
  const most = Math.max(1, ...areas.map(({ bytes }) => bytes));
  const freed = prunable.data?.bytes ?? 0;
  return (
    <section className="section">
      <div className="section-head">
        <h2>{words.disk}</h2>
      </div>
      <Failure error={use.error ?? prune.error} onDismiss={prune.forget} />
      {use.data === null && use.error === null && <p className="soft appear-late">{words.measuring}</p>}
      {use.data !== null && (
        <div className="disk">
          <p>
            {words.diskLeft(
              format.bytes(use.data.freeBytes),
              format.bytes(use.data.totalBytes),
              format.bytes(use.data.reserveBytes),
            )}
          </p>
          <dl className="disk-areas">
            {areas.map(({ area, bytes }) => (
              <div key={area} className="disk-area">
                <dt>{words.areas[area]}</dt>
                <dd>
                  <span className="disk-bar" aria-hidden="true">
                    <span style={{ width: `${(100 * bytes) / most}%` }} />
                  </span>
                  <span className="disk-bytes">{format.bytes(bytes)}</span>
                </dd>
              </div>
            ))}
          </dl>
          {prunable.data !== null && (
            <div className="disk-free">
              <span className="soft">
                {freed > 0 ? words.diskFree(format.bytes(freed)) : words.diskNothing}
              </span>
              {freed > 0 && (
                <button
                  type="button"
                  className="button"
                  disabled={prune.isUnderWay}
                  onClick={() => void prune.give()}
                >
                  {words.prune}
                </button>
              )}
            </div>
          )}
        </div>
      )}
    </section>
  );
}
