import { expect } from 'chai';
import { deadQueueOf, queueOf, topologyOf } from '../../../engine/broker/topology.ts';
import { QUEUES } from '../../../schemas/messages.ts';

describe('topology', () => {
  const { queues, bindings, deadExchange } = topologyOf('bode');
  const work = QUEUES.map((queue) => queueOf('bode', queue));

  it('has a quorum queue for each of the engine’s queues', () => {
    expect(queues.map(({ name }) => name)).to.include.members(['bode.submissions', 'bode.forms', 'bode.answers']);
    expect(new Set(queues.map(({ arguments: options }) => options['x-queue-type']))).to.deep.equal(new Set(['quorum']));
  });

  it('loses nothing that is dead-lettered: at least once, publishes refused rather than heads dropped, a queue bound', () => {
    for (const { name, arguments: options } of queues.filter(({ name }) => work.includes(name))) {
      expect(options).to.include({
        'x-dead-letter-exchange': deadExchange,
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
        'x-delivery-limit': 100,
      });
      expect(bindings).to.deep.include({ queue: deadQueueOf('bode'), exchange: deadExchange, key: name });
    }
  });

  it('drops nothing from where things wait for a person, however often they were looked at', () => {
    for (const { name, arguments: options } of queues.filter(({ name }) => !work.includes(name))) {
      expect(options, name).to.include({ 'x-delivery-limit': 1_000_000 });
    }
  });

  it('keeps two namespaces apart', () => {
    const names = (namespace: string) => topologyOf(namespace).queues.map(({ name }) => name);
    expect(names('a').filter((name) => names('b').includes(name))).to.deep.equal([]);
  });
});
