import { Meteor } from 'meteor/meteor';
import { maxPicturesKept } from '../../tasks/limits';
import { live } from '../live';
import { Pictures } from './collection';

/** `pictures.mine`: the visitor's own pictures, newest first. */
export function publishPictures(): void {
  Meteor.publish('pictures.mine', function () {
    if (!this.userId) return;
    const newest = { sort: { createdAt: -1 }, limit: maxPicturesKept } as const;
    return Pictures.find({ owner: this.userId }, { fields: { owner: 0 }, ...newest, ...live });
  });
}
