import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import React from 'react';
import { Reports as ReportsCollection } from '../../api/reports/collection';
import type { VisitorTask } from '../../api/tasks/schema';
import { Empty } from '../components/Empty';
import { Panel } from '../components/Panel';
import { ReportForm } from './ReportForm';
import { ReportRow } from './ReportRow';

/** Ask for a workbook, watch it grow, download it. */
export function Reports({ tasks }: { tasks: ReadonlyMap<string, VisitorTask> }) {
  const loading = useSubscribe('reports.mine');
  const reports = useFind(() => ReportsCollection.find({}, { sort: { createdAt: -1 } }), []);
  return (
    <Panel area="reports" title="Reports" hint="A worker writes the shop’s books into an Excel file.">
      <ReportForm />
      <ul className="rows">
        {reports.map(report => (
          <ReportRow key={report._id} report={report} task={tasks.get(report._id)} />
        ))}
      </ul>
      {reports.length === 0 && <Empty>{loading() ? 'Looking for your reports …' : 'No report yet.'}</Empty>}
    </Panel>
  );
}
