import React, { useEffect, useRef, useState } from 'react';
import type { VisitorTask } from '../../api/tasks/schema';

const nouns: Partial<Record<VisitorTask['taskType'], string>> = {
  buildReport: 'Report',
  makeThumbnails: 'Thumbnails',
};

const verdicts: Partial<Record<VisitorTask['state'], string>> = {
  running: 'being made',
  done: 'ready',
  failed: 'failed',
  cancelled: 'cancelled',
  rejected: 'rejected',
};

/** Tells people who listen to the page what the others see: that a task has begun or ended. */
export function Announcer({ tasks }: { tasks: ReadonlyMap<string, VisitorTask> }) {
  const before = useRef<ReadonlyMap<string, VisitorTask>>(tasks);
  const [words, setWords] = useState('');
  useEffect(() => {
    const news = [...tasks.values()].filter(task => isNews(task, before.current.get(task._id))).map(sentence);
    before.current = tasks;
    if (news.length > 0) setWords(news.join(' '));
  }, [tasks]);
  return (
    <p className="unseen" role="status" aria-live="polite">
      {words}
    </p>
  );
}

function isNews(task: VisitorTask, before: VisitorTask | undefined): boolean {
  return before !== undefined && before.state !== task.state && task.taskType in nouns && task.state in verdicts;
}

function sentence({ taskType, state }: VisitorTask): string {
  return `${nouns[taskType]} ${verdicts[state]}.`;
}
