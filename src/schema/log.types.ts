import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { Rule } from './rule.js';

export enum LogStream {
  stdout = 'stdout',
  stderr = 'stderr',
}
registerEnumType(LogStream, { name: 'LogStream' });

@ObjectType({ simpleResolvers: true, description: "One line of a container's log." })
export class LogLine {
  @Field(() => Date)
  timestamp!: Date;

  @Field()
  replica!: string;

  @Field(() => LogStream)
  stream!: LogStream;

  @Field()
  message!: string;

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

@InputType()
export class LogFilterInput {
  @Rule(z.string().max(1000, 'must be at most 1000 characters'))
  @Field(() => String, { nullable: true, description: 'Only lines that hold this text.' })
  text?: string | null;

  @Rule(z.string().max(253, 'must be at most 253 characters'))
  @Field(() => String, { nullable: true })
  replica?: string | null;

  @Field(() => LogStream, { nullable: true })
  stream?: LogStream | null;

  @Field(() => ID, { nullable: true })
  deploymentId?: string | null;
}
