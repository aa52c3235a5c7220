import { LONG } from '../support/long.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { crashPointSuite } from './crash-points.ts';
import { PIPELINES, RABBITMQ } from './crash-table.ts';

const rabbit = serviceUrl('TEST_AMQP_URL');
if (rabbit || servicesRequired()) {
  crashPointSuite({
    title: 'RabbitMQ, PostgreSQL',
    brokerUrl: rabbit ?? 'amqp://TEST_AMQP_URL-is-missing',
    store: 'postgres',
    crashes: [...RABBITMQ, ...PIPELINES.filter(({ crucial }) => crucial || LONG)],
  });
}
