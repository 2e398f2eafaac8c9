/** The page's WebSocket to the server: JSON frames in both directions; reconnects when it breaks. */

const FIRST_RETRY_MILLISECONDS = 300; // milliseconds; doubles up to the last
const MAX_RETRY_MILLISECONDS = 5000;

export class Feed {
  /** `receive(frame)` is called for each frame, `connected(bool)` when the connection comes or goes. */
  constructor({ receive, connected }) {
    this.receive = receive;
    this.connected = connected;
    this.pause = FIRST_RETRY_MILLISECONDS;
  }

  /** Connect as a person; an earlier connection is closed. */
  open(user) {
    this.user = user;
    clearTimeout(this.timer);
    this.socket?.close();
    const address = new URL(`/feed?user=${encodeURIComponent(user)}`, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.hash = "";
    const socket = (this.socket = new WebSocket(address));
    socket.onmessage = ({ data }) => this.socket === socket && this.#heard(JSON.parse(data));
    socket.onclose = () => this.socket === socket && this.#lost();
  }

  /** Send a frame; returns false if there is no connection. */
  send(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  #heard(frame) {
    if (frame.type === "hello") {
      this.pause = FIRST_RETRY_MILLISECONDS;
      this.connected(true);
    }
    this.receive(frame);
  }

  #lost() {
    this.connected(false);
    this.timer = setTimeout(() => this.open(this.user), this.pause);
    this.pause = Math.min(this.pause * 2, MAX_RETRY_MILLISECONDS);
  }
}
