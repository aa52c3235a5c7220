import { performance } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * Adds what the process itself uses. Read at each scrape, with nothing running in between: the library's own
 * collection leaves a timer and an observer behind for every engine, for which it has no end.
 */
export function addProcessMetrics(registry: Registry): void {
  const registers = [registry];
  let before = performance.eventLoopUtilization();

  new Counter({
    name: 'bode_process_cpu_seconds_total',
    help: 'Processor time, user and system',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1_000_000);
    },
  });
  new Gauge({
    name: 'bode_process_memory_bytes',
    help: 'Memory: rss is all of it; heap, external and buffers are parts',
    labelNames: ['kind'],
    registers,
    collect() {
      const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
      for (const [kind, bytes] of Object.entries({ rss, heap: heapUsed, external, buffers: arrayBuffers })) {
        this.set({ kind }, bytes);
      }
    },
  });
  new Gauge({
    name: 'bode_process_event_loop_busy_ratio',
    help: 'Share of the time since the last scrape in which the main thread was busy',
    registers,
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });
  new Gauge({
    name: 'bode_process_start_time_seconds',
    help: 'When the process started, in seconds since 1970',
    registers,
    collect() {
      this.set(performance.timeOrigin / 1_000);
    },
  });
}
