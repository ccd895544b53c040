//go:build !linux

package raftsubject

import (
	"io"
	"os"
)

func pipeOf(file *os.File) io.ReadWriter { return file }
