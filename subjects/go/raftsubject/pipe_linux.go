package raftsubject

import (
	"io"
	"os"
	"syscall"
	"unsafe"
)

// A pipe is a file that is read and written without telling Go's scheduler. It has nothing else to run while this
// waits, and what it does to find that out costs as much as all the rest of a step.
type pipe struct {
	file *os.File // kept, since an unreferenced file is closed
	fd   uintptr
}

func pipeOf(file *os.File) io.ReadWriter { return &pipe{file, file.Fd()} }

func (p *pipe) Read(into []byte) (int, error) {
	n, err := p.call(syscall.SYS_READ, into)
	if n == 0 && err == nil && len(into) > 0 {
		return 0, io.EOF
	}
	return n, err
}

func (p *pipe) Write(from []byte) (int, error) {
	written := 0
	for written < len(from) {
		n, err := p.call(syscall.SYS_WRITE, from[written:])
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

func (p *pipe) call(number uintptr, bytes []byte) (int, error) {
	if len(bytes) == 0 {
		return 0, nil
	}
	for {
		n, _, err := syscall.RawSyscall(number, p.fd, uintptr(unsafe.Pointer(&bytes[0])), uintptr(len(bytes)))
		switch err {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, err
		}
	}
}
