import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import React, { type ChangeEvent, type DragEvent, useId, useState } from 'react';
import { Pictures as PicturesCollection } from '../../api/pictures/collection';
import { maxUploadBytes } from '../../tasks/pictures/documents';
import { Empty, Panel } from '../components/Panel';
import { Problem } from '../components/Problem';
import { ProgressBar } from '../components/ProgressBar';
import { PictureCard } from './PictureCard';
import { useUploads } from './use-uploads';

/** Upload a photo, get it back in three sizes. */
export function Pictures() {
  const loading = useSubscribe('pictures.mine');
  const pictures = useFind(() => PicturesCollection.find({}, { sort: { createdAt: -1 } }), []);
  const { uploads, add, dismiss } = useUploads();
  return (
    <Panel area="pictures" title="Pictures" hint="A worker makes three sizes of each photo.">
      <DropZone onFiles={add} />
      <ul className="uploads">
        {uploads.map(({ id, name, fraction, problem }) => (
          <li key={id}>
            {problem ? (
              <Problem onDismiss={() => dismiss(id)}>{problem}</Problem>
            ) : (
              <>
                <small>Sending {name}</small>
                <ProgressBar label={`Sending ${name}`} fraction={fraction} />
              </>
            )}
          </li>
        ))}
      </ul>
      <ul className="gallery">
        {pictures.map(picture => (
          <PictureCard key={picture._id} picture={picture} />
        ))}
      </ul>
      {pictures.length === 0 && <Empty>{loading() ? 'Looking for your pictures …' : 'No picture yet.'}</Empty>}
    </Panel>
  );
}

/** Where photos are dropped or chosen. The file field itself takes the focus, so that it works by keyboard too. */
function DropZone({ onFiles }: { onFiles: (files: Iterable<File>) => void }) {
  const id = useId();
  const [over, setOver] = useState(false);

  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    onFiles([...(event.target.files ?? [])]);
    // The same file may be chosen again.
    event.target.value = '';
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  };
  const hover = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is the mouse's shortcut for the field inside.
    <div className={over ? 'drop is-over' : 'drop'} onDragOver={hover} onDragLeave={() => setOver(false)} onDrop={drop}>
      <input id={id} type="file" name="photo" accept="image/jpeg,image/png" multiple onChange={choose} />
      <label htmlFor={id}>
        <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 15V5M7.5 9L12 4.5 16.5 9M4 15v3.5A1.5 1.5 0 005.5 20h13a1.5 1.5 0 001.5-1.5V15" />
        </svg>
        <span>
          <b>Choose a photo</b> or drop it here
          <small>JPEG or PNG, up to {maxUploadBytes / 1024 / 1024} MB</small>
        </span>
      </label>
    </div>
  );
}
