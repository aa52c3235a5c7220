import { expect } from 'chai';
import { createMeters } from '../../../../channels/observe/meters.ts';
import { COUNTERS, TIMERS } from '../../../../engine/core/telemetry.ts';

describe('the meters', () => {
  it('show every counter and timer of the catalogue from the start', async () => {
    const text = await createMeters().registry.metrics();
    for (const name of Object.keys(COUNTERS)) expect(text).to.include(`# TYPE ${name} counter\n`);
    for (const name of Object.keys(TIMERS)) expect(text).to.include(`# TYPE ${name} histogram\n`);
  });

  it('count, and put durations into buckets of seconds', async () => {
    const { telemetry, registry } = createMeters();
    telemetry.count('bode_retries_total', { queue: 'forms' });
    telemetry.count('bode_retries_total', { queue: 'forms' }, 3);
    telemetry.time('bode_wait_seconds', { queue: 'forms' }, 40);
    telemetry.time('bode_wait_seconds', { queue: 'forms' }, 61_000);
    const text = await registry.metrics();
    for (const line of [
      'bode_retries_total{queue="forms"} 4',
      'bode_wait_seconds_bucket{le="0.025",queue="forms"} 0',
      'bode_wait_seconds_bucket{le="0.05",queue="forms"} 1',
      'bode_wait_seconds_bucket{le="300",queue="forms"} 2',
      'bode_wait_seconds_count{queue="forms"} 2',
      'bode_wait_seconds_sum{queue="forms"} 61.04',
    ]) {
      expect(text).to.include(`${line}\n`);
    }
  });

  it('never fail, whatever they are given', async () => {
    const { telemetry, registry } = createMeters();
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, -5]) {
      telemetry.count('bode_audit_lines_total', {}, odd);
      telemetry.time('bode_receive_seconds', {}, odd);
    }
    const text = await registry.metrics();
    expect(text).to.include('bode_audit_lines_total 0\n').and.include('bode_receive_seconds_count 1\n');
  });

  it('of two engines in one process know nothing of each other', async () => {
    const [one, other] = [createMeters(), createMeters()];
    one.telemetry.count('bode_audit_lines_total', {}, 7);
    expect(await one.registry.metrics()).to.include('bode_audit_lines_total 7\n');
    expect(await other.registry.metrics()).to.include('bode_audit_lines_total 0\n');
  });
});
