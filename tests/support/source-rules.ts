export * from '../../infra/dev/meteor/source-rules';
