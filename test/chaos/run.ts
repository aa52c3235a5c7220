import { runChaos } from './chaos.ts';
import { type ChaosOptions, optionsOf, USAGE } from './options.ts';
import { createReport } from './report.ts';

const options = optionsOf(process.argv.slice(2), new Date());
if (options) await main(options);
else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}

/** One run; exit status 0 when all is well. Ctrl-C stops what was started. */
async function main(given: ChaosOptions): Promise<void> {
  const stopped = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => stopped.abort(new Error(`the run was stopped by ${name}`)));
  }
  const report = createReport((line) => process.stdout.write(`${line}\n`), given.json);
  const { problems, counts, dir } = await runChaos(given, report, stopped.signal);
  report.counts(counts);
  if (dir) report.say(`data and logs are in ${dir}`);
  report.end(given.seed, problems);
  process.exit(problems.length === 0 ? 0 : 1); // what a stopped run leaves open must not keep it
}
