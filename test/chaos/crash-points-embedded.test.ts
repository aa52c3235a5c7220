import { crashPointSuite } from './crash-points.ts';
import { EMBEDDED, PIPELINES } from './crash-table.ts';

crashPointSuite({
  title: 'embedded, SQLite',
  brokerUrl: 'embedded',
  store: 'sqlite',
  crashes: [...EMBEDDED, ...PIPELINES],
});
