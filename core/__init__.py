"""The ground that every room stands on: settings, clocks, ids, keyed digests, logging. It knows no business."""
