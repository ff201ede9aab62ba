import { Mongo } from 'meteor/mongo';
import { type Picture, picturesCollection } from '../../tasks/pictures/documents';

export const Pictures = new Mongo.Collection<Picture>(picturesCollection);
