import Glibc

func exitProcess(_ code: Int32) -> Never { exit(code) }
