import { createTransport, type Transporter } from 'nodemailer';

const TIMEOUTS_MS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 } as const;

export interface MailLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Sends mail to the configured server. Nobody waits for it: what it is about is in the database, and a mail that fails is logged without its text. */
export class Mailer {
  private readonly transport: Transporter;
  private readonly underWay = new Set<Promise<boolean>>();

  constructor(
    url: string,
    private readonly from: string,
    private readonly logger: MailLog,
  ) {
    const timed = new URL(url);
    for (const [name, value] of Object.entries(TIMEOUTS_MS)) timed.searchParams.set(name, String(value));
    this.transport = createTransport(timed.href);
  }

  send(mail: Mail): void {
    void this.deliver(mail);
  }

  /** Whether the server took it. */
  deliver({ to, subject, text }: Mail): Promise<boolean> {
    const sending = this.transport.sendMail({ from: this.from, to, subject, text }).then(
      () => {
        this.logger.info({ subject }, 'a mail was sent');
        return true;
      },
      (error: { code?: string; responseCode?: number }) => {
        this.logger.warn({ subject, code: error.code, response: error.responseCode }, 'a mail could not be sent');
        return false;
      },
    );
    this.underWay.add(sending);
    void sending.finally(() => this.underWay.delete(sending));
    return sending;
  }

  /** Lets those that are under way end, each of which has its deadline. */
  async stop(): Promise<void> {
    await Promise.all(this.underWay);
    this.transport.close();
  }
}
