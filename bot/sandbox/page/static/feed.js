/** The page's WebSocket to the workspace: JSON frames both ways, and connecting again when it breaks. */

const FIRST_PAUSE = 300; // milliseconds; doubles up to the last
const LAST_PAUSE = 5000;

export class Feed {
  /** `receive(frame)` is called for each frame, `connected(bool)` when the connection comes or goes. */
  constructor({ receive, connected }) {
    this.receive = receive;
    this.connected = connected;
    this.pause = FIRST_PAUSE;
  }

  /** Connect as a person; an earlier connection is given up. */
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

  /** Send a frame; false when there is no connection, and then nothing was sent. */
  send(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  #heard(frame) {
    if (frame.type === "hello") {
      this.pause = FIRST_PAUSE;
      this.connected(true);
    }
    this.receive(frame);
  }

  #lost() {
    this.connected(false);
    this.timer = setTimeout(() => this.open(this.user), this.pause);
    this.pause = Math.min(this.pause * 2, LAST_PAUSE);
  }
}
