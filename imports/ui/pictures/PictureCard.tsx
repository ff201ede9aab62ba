import React from 'react';
import type { Picture, Thumbnail } from '../../tasks/pictures/documents';
import { call } from '../call';
import { Cross, Problem } from '../components/Problem';
import { ProgressBar } from '../components/ProgressBar';
import { useAction } from '../components/use-action';
import { bytes } from '../format';
import { canRetry, isHopeless, isLive, type LiveTask, useTask, waitsFor } from '../tasks';

export function PictureCard({ picture }: { picture: Picture }) {
  const { run, busy, problem, setProblem } = useAction();
  const act = (name: 'pictures.retry' | 'pictures.remove') => () => run(() => call(name, picture._id));
  const { thumbnails } = picture;
  // What is ready needs no task any more.
  const task = useTask(thumbnails ? undefined : picture._id);
  return (
    <li className="picture" data-state={thumbnails ? 'ready' : (task.state ?? 'unknown')}>
      {thumbnails ? <Stair name={picture.name} thumbnails={thumbnails} /> : <Waiting picture={picture} task={task} />}
      <div className="picture-foot">
        <p>
          <strong>{picture.name}</strong>
          <small>{about(picture)}</small>
        </p>
        {!thumbnails && canRetry(task) && !isHopeless(task) && (
          <button type="button" className="small" disabled={busy} onClick={act('pictures.retry')}>
            Try again
          </button>
        )}
        <button
          type="button"
          className="plain"
          disabled={busy}
          onClick={act('pictures.remove')}
          aria-label={`Remove ${picture.name}`}
        >
          <Cross />
        </button>
      </div>
      <Problem onDismiss={() => setProblem(undefined)}>{problem}</Problem>
    </li>
  );
}

/** The three sizes beside each other, each as wide as its share: 160, 480 and 960 look like what they are. */
function Stair({ name, thumbnails }: { name: string; thumbnails: readonly Thumbnail[] }) {
  return (
    <div className="stair">
      {thumbnails.map(({ id, width, height }) => (
        <a key={id} href={`/files/${id}`} target="_blank" rel="noreferrer" style={{ flexGrow: width }}>
          <img src={`/files/${id}`} width={width} height={height} alt={`${name}, ${width} pixels wide`} />
          <small>{width}</small>
        </a>
      ))}
    </div>
  );
}

function Waiting({ picture, task }: { picture: Picture; task: LiveTask }) {
  if (task.state === 'failed') {
    return (
      <div className="picture-wait is-bad">
        <p role="alert">{task.error?.message ?? 'The thumbnails could not be made.'}</p>
      </div>
    );
  }
  return (
    <div className="picture-wait">
      <small>{isLive(task) ? (task.progress?.note ?? waitsFor(task)) : (task.state ?? 'on its way')}</small>
      {isLive(task) && <ProgressBar label={`Thumbnails of ${picture.name}`} fraction={task.progress?.fraction} />}
    </div>
  );
}

function about({ width, height, original }: Picture): string {
  const size = bytes(original.size);
  return width && height ? `${width} × ${height} · ${size}` : size;
}
