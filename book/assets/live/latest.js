// Runs a slow task with the newest arguments only: what came in between is dropped.
export function latest(task) {
  let waiting = null;
  let running = false;
  async function loop() {
    running = true;
    try {
      while (waiting) {
        const given = waiting;
        waiting = null;
        await task(...given);
      }
    } finally {
      running = false;
    }
  }
  return (...given) => {
    waiting = given;
    return running ? undefined : loop();
  };
}
