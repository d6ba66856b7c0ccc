import type { RunDetails } from '../../../shared/run.ts';
import { useAgent, useOrder } from '../../agent/agent-context.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { saveFile } from '../../parts/save-file.ts';
import { useFormat, useWords } from '../../words/words-context.tsx';

type LeftFile = RunDetails['files'][number];

/** What is larger is held in memory by no page; it lies where the folder says. */
const MOST_BYTES = 200_000_000;

/** What the robot left, to be saved elsewhere for as long as its folder is there. */
export function Files({ run }: { run: RunDetails }) {
  const { run: words } = useWords();
  return (
    <section>
      <h2>{words.outputs}</h2>
      {run.files.length === 0 && <p className="soft">{words.noFiles}</p>}
      <ul className="files small">
        {run.files.map((file) => (
          <FileRow key={`${file.area}/${file.path}`} runId={run.id} file={file} />
        ))}
      </ul>
      {run.files.length > 0 && run.outDir && <code className="small soft">{run.outDir}</code>}
    </section>
  );
}

function FileRow({ runId, file }: { runId: string; file: LeftFile }) {
  const { client } = useAgent();
  const { run: words } = useWords();
  const format = useFormat();
  const { area, path, bytes } = file;
  const save = useOrder(async () => {
    const parts: BlobPart[] = [];
    const asked = { id: runId, area, path };
    for await (const pieces of client.stream('file', asked, new AbortController().signal))
      parts.push(...pieces.map(({ base64 }) => bytesOf(base64)));
    saveFile(parts, path.split('/').pop() ?? path, 'application/octet-stream');
  });
  return (
    <li>
      <span className="cut" title={path}>
        {path}
      </span>
      <span className="soft">{format.bytes(bytes)}</span>
      {bytes <= MOST_BYTES && (
        <button
          type="button"
          className="button button-quiet button-icon"
          disabled={save.isUnderWay}
          aria-label={words.saveFile(path)}
          title={words.saveFile(path)}
          onClick={() => void save.give()}
        >
          <Icon name="save" />
        </button>
      )}
      <Failure error={save.error} onDismiss={save.forget} />
    </li>
  );
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
