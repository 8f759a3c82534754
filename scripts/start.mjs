/** `npm start`: does all set-up, then starts everything (start.ts). */
import { installTools, prepareCode, runTypeScript, systemTools } from "./support/bootstrap.mjs";

try {
  prepareCode();
  installTools(systemTools.network);
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
await runTypeScript("./start.ts");
