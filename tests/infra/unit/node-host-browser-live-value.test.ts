import { LiveValue } from '../../../infra/node-host/browser/react/live-value';
import { ReactiveVar } from '../../../infra/node-host/browser/reactive-var';
import { Tracker } from '../../../infra/node-host/tracker/tracker';

describe('what a component reads', () => {
  /** A value that can't be read while it is odd, mounted. */
  function mounted(readsInEachRendering: boolean) {
    const value = new ReactiveVar(0);
    const live = new LiveValue<number>();
    const read = () => {
      if (value.get() % 2) throw new Error('odd');
      return value.get();
    };
    live.keep(read, { readsInEachRendering });
    live.refresh();
    const rendered = jest.fn();
    return { value, live, rendered, unmount: live.subscribe(rendered) };
  }

  test('stays as it was where a rerun throws: the error is reported', () => {
    const reported = jest.spyOn(console, 'error').mockImplementation();
    const { value, live, rendered, unmount } = mounted(false);
    value.set(1);
    Tracker.flush();
    expect(live.getSnapshot()).toEqual({ value: 0 });
    expect(reported).toHaveBeenCalledWith('Exception from Tracker recompute function:', new Error('odd'));
    value.set(2);
    Tracker.flush();
    expect(live.getSnapshot()).toEqual({ value: 2 });
    expect(rendered).toHaveBeenCalledTimes(1);
    unmount();
    reported.mockRestore();
  });

  test('is an error of the next rendering where each rendering reads', () => {
    const { value, live, rendered, unmount } = mounted(true);
    value.set(1);
    Tracker.flush();
    expect(live.getSnapshot()).toEqual({ failure: { error: new Error('odd') } });
    expect(rendered).toHaveBeenCalledTimes(1);
    unmount();
  });
});
