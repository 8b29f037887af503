import express from 'express';

// Files of one folder, as Express serves them. Its settings come as one JSON argument; it prints the port it listens on.

const { folder } = JSON.parse(process.argv[2]!) as { folder: string };
const app = express();
app.disable('x-powered-by');
app.use(express.static(folder));
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`listening on ${typeof address === 'object' ? address?.port : address}`);
});
