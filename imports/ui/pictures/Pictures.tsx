import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import React from 'react';
import { Pictures as PicturesCollection } from '../../api/pictures/collection';
import type { VisitorTask } from '../../api/tasks/schema';
import { Empty } from '../components/Empty';
import { Panel } from '../components/Panel';
import { Problem } from '../components/Problem';
import { ProgressBar } from '../components/ProgressBar';
import { DropZone } from './DropZone';
import { PictureCard } from './PictureCard';
import { useUploads } from './use-uploads';

/** Upload a photo, get it back in three sizes. */
export function Pictures({ tasks }: { tasks: ReadonlyMap<string, VisitorTask> }) {
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
          <PictureCard key={picture._id} picture={picture} task={tasks.get(picture._id)} />
        ))}
      </ul>
      {pictures.length === 0 && <Empty>{loading() ? 'Looking for your pictures …' : 'No picture yet.'}</Empty>}
    </Panel>
  );
}
