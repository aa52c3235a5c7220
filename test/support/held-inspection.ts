// Loaded into a process before its program (node --import): its validator threads are handed nothing, so that the first
// inspection is work that does not end by itself. The file named in BODE_TEST_HELD is there from then on.
import { writeFileSync } from 'node:fs';
import { isMainThread, Worker } from 'node:worker_threads';

const file = process.env['BODE_TEST_HELD'];
if (isMainThread && file !== undefined) {
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message: object, transfer) {
    if ('parcel' in message) writeFileSync(file, '');
    else post.call(this, message, transfer);
  };
}
