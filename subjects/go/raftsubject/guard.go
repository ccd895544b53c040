package raftsubject

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// guard calls the Raft. If that panics, it gives what the panic said and where it was; the whole stack goes to the
// standard error.
func guard(call func()) (crashed string) {
	defer func() {
		if panicked := recover(); panicked != nil {
			crashed = fmt.Sprintf("%v, at %s", panicked, place())
			fmt.Fprintf(os.Stderr, "panic: %v\n%s", panicked, debug.Stack())
		}
	}()
	call()
	return ""
}

// place is where the function stands that panicked: the innermost one that is neither the runtime's nor this
// package's.
func place() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	own, _ := frames.Next()
	prefix := own.Function[:strings.LastIndexByte(own.Function, '.')+1]
	panicked := false
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if frame.Function == "runtime.gopanic" {
			panicked = true
		} else if panicked && !strings.HasPrefix(frame.Function, "runtime.") && !strings.HasPrefix(frame.Function, prefix) {
			return fmt.Sprintf("%s:%d (%s)", filepath.Base(frame.File), frame.Line, filepath.Base(frame.Function))
		}
	}
	return "an unknown place"
}
