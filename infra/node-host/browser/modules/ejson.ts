export { EJSON } from '../../shared/ejson';
