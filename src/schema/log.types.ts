import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { PageInfo } from './connection.js';
import { checkPattern } from './line-pattern.js';
import { LogFields } from './log-fields.scalar.js';
import { Rule } from './rule.js';

export enum LogStream {
  stdout = 'stdout',
  stderr = 'stderr',
}
registerEnumType(LogStream, { name: 'LogStream' });

export enum LogLevel {
  TRACE = 'TRACE',
  DEBUG = 'DEBUG',
  INFO = 'INFO',
  WARN = 'WARN',
  ERROR = 'ERROR',
  FATAL = 'FATAL',
}
registerEnumType(LogLevel, { name: 'LogLevel', description: 'How bad a line is, from the least to the worst.' });

@ObjectType({ simpleResolvers: true, description: "One line of a container's log." })
export class LogLine {
  @Field(() => Date)
  timestamp!: Date;

  @Field()
  replica!: string;

  @Field(() => LogStream, { nullable: true, description: 'Told where lines of one stream were asked for; else null: Kubernetes hands both out as one.' })
  stream!: LogStream | null;

  @Field(() => LogLevel, { nullable: true, description: 'Of a JSON line, or of a text that names it plainly.' })
  level!: LogLevel | null;

  @Field({ description: 'The text without colours; of a JSON line, its message.' })
  message!: string;

  @Field(() => LogFields, { nullable: true, description: 'What a JSON line holds beside its message and level.' })
  fields!: Record<string, unknown> | null;

  @Field({ description: 'The line as the container wrote it, with its colours.' })
  raw!: string;

  @Field({ description: 'The line was longer than 64 KiB: this is its beginning.' })
  cut!: boolean;

  @Field(() => ID, { nullable: true, description: 'Of the container that wrote it.' })
  deploymentId!: string | null;

  @Field({ description: 'Give it as `after` to go on behind this line.' })
  cursor!: string;
}

@ObjectType({ simpleResolvers: true, description: 'Lines of a short while. Delivered lines and announced losses together are all that was produced.' })
export class LogBatch {
  @Field(() => [LogLine])
  lines!: LogLine[];

  @Field(() => Int, { description: 'Lines that this reader lost because it was slow.' })
  dropped!: number;

  @Field({ description: 'Lines are missing before this batch, and nobody knows how many.' })
  gap!: boolean;

  @Field(() => String, { nullable: true })
  cursor!: string | null;
}

@ObjectType({ simpleResolvers: true })
export class LogLineEdge {
  @Field()
  cursor!: string;

  @Field(() => LogLine)
  node!: LogLine;
}

@ObjectType({ simpleResolvers: true, description: 'Lines of the history. A page may hold fewer lines than asked for, or none, and still not be the last: go on with endCursor while there is a next page.' })
export class LogHistoryConnection {
  @Field(() => [LogLineEdge])
  edges!: LogLineEdge[];

  @Field(() => [LogLine])
  nodes!: LogLine[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;
}

@ObjectType({ simpleResolvers: true, description: "How much of a team's logs is kept." })
export class LogStorage {
  @Field(() => Float)
  lines!: number;

  @Field(() => Float, { description: 'Of the text of the lines.' })
  bytes!: number;

  @Field(() => Float, { description: 'What they take where they are stored.' })
  storedBytes!: number;

  @Field(() => Date, { nullable: true })
  oldestAt!: Date | null;

  @Field(() => Float, { description: 'Lines that were let go to stay within limitBytes and days.' })
  droppedLines!: number;

  @Field(() => Float, { description: 'Lines that came faster than they could be kept.' })
  lostLines!: number;

  @Field(() => Int, { description: 'How often lines are missing, and nobody knows how many.' })
  gaps!: number;

  @Field(() => Float)
  limitBytes!: number;

  @Field(() => Int)
  days!: number;
}

@InputType()
export class LogFilterInput {
  @Rule(z.string().max(1000, 'must be at most 1000 characters'))
  @Field(() => String, { nullable: true, description: 'Only lines that hold this text.' })
  text?: string | null;

  @Rule(z.string().max(500, 'must be at most 500 characters').superRefine(checkPattern))
  @Field(() => String, { nullable: true, description: 'Only lines that this regular expression (RE2 syntax) is found in.' })
  regex?: string | null;

  @Field(() => LogLevel, { nullable: true, description: 'Only lines of this level or a worse one.' })
  level?: LogLevel | null;

  @Rule(z.string().max(253, 'must be at most 253 characters'))
  @Field(() => String, { nullable: true })
  replica?: string | null;

  @Field(() => LogStream, { nullable: true, description: 'Only this stream, where the cluster can tell them apart.' })
  stream?: LogStream | null;

  @Field(() => ID, { nullable: true })
  deploymentId?: string | null;
}
