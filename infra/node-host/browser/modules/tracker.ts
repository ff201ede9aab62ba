export { Tracker } from '../../tracker';
