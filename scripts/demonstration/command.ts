import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly cwd?: string;
  readonly input?: string;
}

/** Runs a program without a shell and gives what it printed; fails with its last words when it fails or is not there. */
export function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, fail) => {
    const child = spawn(program, args, { cwd: options.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.once('error', (error) => fail(new Error(`${program} could not be run: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else fail(new Error(`${program} ${args[0] ?? ''} ended with ${code}: ${lastLine(err || out)}`));
    });
    child.stdin.on('error', () => undefined); // the program may end before it has read everything
    child.stdin.end(options.input ?? '');
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
